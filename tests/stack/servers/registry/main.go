// A registry with the referrers API: go-containerregistry's, with its blobs on disk. Manifests live as long as it runs.
//
//	registry ADDRESS FOLDER
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	handler := registry.New(
		registry.WithReferrersSupport(true),
		registry.WithBlobHandler(registry.NewDiskBlobHandler(os.Args[2])),
		registry.Logger(log.New(io.Discard, "", 0)),
	)
	log.Fatal(http.ListenAndServe(os.Args[1], handler))
}
