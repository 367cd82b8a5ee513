// A workload that uses go-spiffe, a client of the Workload API that is not ours. It prints one JSON object a line:
// what it was given, what it validated, and what it was told later.
//
//	go-client <endpoint> <audience>
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/status"
)

var out = json.NewEncoder(os.Stdout)

type watcher struct{ serials map[string]bool }

func (w *watcher) OnX509ContextUpdate(c *workloadapi.X509Context) {
	svid := c.DefaultSVID()
	out.Encode(map[string]any{
		"event":        "x509_update",
		"id":           svid.ID.String(),
		"serial":       svid.Certificates[0].SerialNumber.Text(16),
		"authorities":  len(authorities(c, svid.ID.TrustDomain())),
		"trustDomains": c.Bundles.Len(),
	})
}

func (w *watcher) OnX509ContextWatchError(err error) {
	out.Encode(map[string]any{"event": "x509_error", "code": status.Code(err).String()})
}

func authorities(c *workloadapi.X509Context, td spiffeid.TrustDomain) []*x509.Certificate {
	bundle, ok := c.Bundles.Get(td)
	if !ok {
		return nil
	}
	return bundle.X509Authorities()
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		out.Encode(map[string]any{"event": "failed", "reason": err.Error(), "code": status.Code(err).String()})
		os.Exit(1)
	}
}

func run(endpoint, audience string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	client, err := workloadapi.New(ctx, workloadapi.WithAddr(endpoint))
	if err != nil {
		return err
	}
	defer client.Close()

	context509, err := client.FetchX509Context(ctx)
	if err != nil {
		return fmt.Errorf("FetchX509Context: %w", err)
	}
	svid := context509.DefaultSVID()
	id, chains, err := x509svid.Verify(svid.Certificates, context509.Bundles)
	if err != nil {
		return fmt.Errorf("x509svid.Verify: %w", err)
	}
	out.Encode(map[string]any{"event": "x509", "id": id.String(), "hint": svid.Hint, "chains": len(chains), "svids": len(context509.SVIDs)})

	bundles, err := client.FetchX509Bundles(ctx)
	if err != nil {
		return fmt.Errorf("FetchX509Bundles: %w", err)
	}
	jwtBundles, err := client.FetchJWTBundles(ctx)
	if err != nil {
		return fmt.Errorf("FetchJWTBundles: %w", err)
	}
	out.Encode(map[string]any{"event": "bundles", "x509": bundles.Len(), "jwt": jwtBundles.Len()})

	token, err := client.FetchJWTSVID(ctx, jwtsvid.Params{Audience: audience})
	if err != nil {
		return fmt.Errorf("FetchJWTSVID: %w", err)
	}
	parsed, err := jwtsvid.ParseAndValidate(token.Marshal(), jwtBundles, []string{audience})
	if err != nil {
		return fmt.Errorf("jwtsvid.ParseAndValidate: %w", err)
	}
	out.Encode(map[string]any{"event": "jwt", "id": parsed.ID.String(), "audience": parsed.Audience})
	valid, err := client.ValidateJWTSVID(ctx, token.Marshal(), audience)
	if err != nil {
		return fmt.Errorf("ValidateJWTSVID: %w", err)
	}
	_, wrong := client.ValidateJWTSVID(ctx, token.Marshal(), audience+".other")
	out.Encode(map[string]any{"event": "validated", "id": valid.ID.String(), "wrongAudience": status.Code(wrong).String()})

	if err := mutualTLS(ctx, endpoint); err != nil {
		return fmt.Errorf("mutual TLS: %w", err)
	}
	err = client.WatchX509Context(ctx, &watcher{})
	out.Encode(map[string]any{"event": "watch_ended", "code": status.Code(err).String()})
	return nil
}

// One connection to itself, over mutual TLS with the SVID at both ends.
func mutualTLS(ctx context.Context, endpoint string) error {
	source, err := workloadapi.NewX509Source(ctx, workloadapi.WithClientOptions(workloadapi.WithAddr(endpoint)))
	if err != nil {
		return err
	}
	defer source.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", tlsconfig.MTLSServerConfig(source, source, tlsconfig.AuthorizeAny()))
	if err != nil {
		return err
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, err = conn.Write([]byte("hello"))
			conn.Close()
		}
		served <- err
	}()
	svid, err := source.GetX509SVID()
	if err != nil {
		return err
	}
	conn, err := tls.Dial("tcp", listener.Addr().String(), tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeID(svid.ID)))
	if err != nil {
		return err
	}
	defer conn.Close()
	greeting := make([]byte, 5)
	if _, err := conn.Read(greeting); err != nil {
		return err
	}
	if err := <-served; err != nil && err != net.ErrClosed {
		return err
	}
	out.Encode(map[string]any{"event": "mtls", "greeting": string(greeting)})
	return nil
}
