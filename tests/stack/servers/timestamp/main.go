// Sigstore's timestamp authority (RFC 3161) with a key and a certificate chain from files. Upstream's own program would
// serve its metrics on every interface, on a port that cannot be chosen; this one serves timestamps only.
//
//	timestamp HOST PORT KEY.pem CHAIN.pem
package main

import (
	"log"
	"os"
	"strconv"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

func main() {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for name, value := range map[string]any{
		"timestamp-signer":         "file",
		"timestamp-signer-hash":    "sha256",
		"file-signer-key-path":     os.Args[3],
		"certificate-chain-path":   os.Args[4],
		"default-policy-oid":       "1.3.6.1.4.1.57264.2",
		"accepted-policy-oids":     []string{"1.3.6.1.4.1.57264.2"},
		"enforce-intermediate-eku": true,
		"disable-ntp-monitoring":   true,
		"max-request-body-size":    1 << 20,
	} {
		viper.Set(name, value)
	}
	authority := server.NewRestAPIServer(os.Args[1], port, []string{"http"}, false, time.Minute, time.Minute)
	log.Fatal(authority.Serve())
}
