// SPDX-License-Identifier: Apache-2.0

// A Go program with cgo: mmap and munmap go through libc, all else through
// instructions of Go's runtime, some of them on goroutines' small stacks.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

const page = 4096

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}

// Deep enough that stacks grow, with calls at many depths.
func deep(n int, memory []byte) int {
	var frame [64]byte
	if n == 0 {
		return 0
	}
	frame[n%64] = byte(n)
	prot := syscall.PROT_READ
	if n%2 == 0 {
		prot |= syscall.PROT_WRITE
	}
	must(syscall.Mprotect(memory[page:2*page], prot))
	return deep(n-1, memory) + int(frame[n%64])
}

func change(done chan<- int) {
	memory, err := syscall.Mmap(-1, 0, 4*page, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	must(err)
	sum := deep(100, memory)
	must(syscall.Madvise(memory, syscall.MADV_DONTFORK))
	must(syscall.Munmap(memory))
	done <- sum
}

func main() {
	done := make(chan int)
	var keep [][]byte
	for i := 0; i < 32; i++ {
		go change(done)
	}
	for i := 0; i < 32; i++ {
		if sum := <-done; sum != 5050 {
			fmt.Fprintln(os.Stderr, "FAILED: a stack was written over:", sum)
			os.Exit(1)
		}
		keep = append(keep, make([]byte, 1<<20))
		C.free(C.malloc(1 << 20))
		runtime.GC()
	}
	runtime.KeepAlive(keep)
}
