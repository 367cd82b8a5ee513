/** What to run at the broker; as text that can be run. */
export const rabbitmqGuide = `# On a node of the cluster, as somebody who may call rabbitmqctl. The management plugin must be enabled:
rabbitmq-plugins enable rabbitmq_management
# A user for Mayfly, and for nothing else. RabbitMQ lets only the tag administrator make and remove users; it needs no
# permission in any virtual host. Mayfly changes the password after the first check to one that only it knows.
rabbitmqctl add_user mayfly                # asks for the password
rabbitmqctl set_user_tags mayfly administrator
`
