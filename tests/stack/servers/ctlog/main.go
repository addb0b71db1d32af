// The part of a certificate transparency log that a certificate authority talks to (RFC 6962, sections 3.2, 4.1 and 4.2).
// It promises to log what it is sent, and signs the promise; there is no log behind it, and nobody reads one in the tests.
//
//	ctlog ADDRESS KEY.pem
package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
)

func main() {
	key, err := privateKey(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST "+ct.AddChainPath, promises(key, ct.X509LogEntryType))
	http.HandleFunc("POST "+ct.AddPreChainPath, promises(key, ct.PrecertLogEntryType))
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}

func privateKey(path string) (*ecdsa.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ecKey, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is no EC key", path)
	}
	return ecKey, nil
}

func promises(key *ecdsa.PrivateKey, kind ct.LogEntryType) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		var wanted ct.AddChainRequest
		err := json.NewDecoder(http.MaxBytesReader(response, request.Body, 1<<20)).Decode(&wanted)
		if err != nil || len(wanted.Chain) == 0 {
			http.Error(response, "no chain", http.StatusBadRequest)
			return
		}
		answer, err := promise(key, kind, wanted.Chain)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		response.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(response).Encode(answer)
	}
}

// promise makes the signed certificate timestamp (SCT) for the first certificate of a chain.
func promise(key *ecdsa.PrivateKey, kind ct.LogEntryType, chain [][]byte) (*ct.AddChainResponse, error) {
	raw := make([]ct.ASN1Cert, len(chain))
	for i, certificate := range chain {
		raw[i] = ct.ASN1Cert{Data: certificate}
	}
	now := uint64(time.Now().UnixMilli())
	leaf, err := ct.MerkleTreeLeafFromRawChain(raw, kind, now)
	if err != nil {
		return nil, err
	}
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, Timestamp: now}
	signed, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: *leaf})
	if err != nil {
		return nil, err
	}
	signature, err := tls.CreateSignature(*key, tls.SHA256, signed)
	if err != nil {
		return nil, err
	}
	encoded, err := tls.Marshal(signature)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(public)
	return &ct.AddChainResponse{SCTVersion: ct.V1, ID: id[:], Timestamp: now, Signature: encoded}, nil
}
