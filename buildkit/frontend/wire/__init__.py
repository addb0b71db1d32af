"""The messages of BuildKit's gateway: `gateway.proto`, and what protoc makes of it."""
