# SPDX-License-Identifier: Apache-2.0
# Go's compiler, its linker, and what they made: cgo.sh FILE
set -e
export CGO_ENABLED=1 GOFLAGS=-mod=mod GOCACHE="$PWD/cache" GOPATH="$PWD/path" GOTOOLCHAIN=local
go build -o cgo "$1"
exec ./cgo
