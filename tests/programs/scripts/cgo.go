// SPDX-License-Identifier: Apache-2.0
// Goroutines, garbage, memory mapped from Go and from C, a thread of C's.
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *fill(void *size)
{
	char *bytes = malloc((size_t)size);
	long sum = 0;

	memset(bytes, 7, (size_t)size);
	for (size_t i = 0; i < (size_t)size; i++)
		sum += bytes[i];
	free(bytes);
	return (void *)sum;
}

static long in_a_thread(size_t size)
{
	pthread_t thread;
	void *sum = NULL;

	pthread_create(&thread, NULL, fill, (void *)size);
	pthread_join(thread, &sum);
	return (long)sum;
}

static int toggled(void)
{
	char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int failed = 0;

	for (int i = 0; i < 50; i++)
		failed += mprotect(p + 4096 * (i % 16), 4096, i % 2 ? PROT_NONE : PROT_READ) != 0;
	return failed + munmap(p, 1 << 16);
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
)

func garbage(n int) int {
	var kept [][]byte
	sum := 0
	for i := 0; i < n; i++ {
		kept = append(kept, make([]byte, 100+i%5000))
		if len(kept) > 1000 {
			kept = kept[500:]
		}
		sum += len(kept[len(kept)-1])
	}
	return sum
}

func mapped() byte {
	data, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		fmt.Println(err)
		return 0
	}
	data[12345] = 42
	syscall.Mprotect(data[:8192], syscall.PROT_READ)
	found := data[12345]
	syscall.Munmap(data)
	return found
}

func main() {
	var group sync.WaitGroup
	sums := make([]int, 8)
	for i := range sums {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			sums[i] = garbage(20000 + i)
		}(i)
	}
	group.Wait()
	fmt.Println(sums)
	runtime.GC()
	debug.FreeOSMemory()
	fmt.Println(mapped(), C.in_a_thread(1<<22), C.toggled())
	os.Exit(18)
}
