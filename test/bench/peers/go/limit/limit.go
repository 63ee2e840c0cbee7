// Package limit ends a process in time even when the one that started it is gone, as watchdog.mjs does for Node.
package limit

import (
	"os"
	"strconv"
	"time"
)

// Start reads BENCH_LIMIT_MS.
func Start() {
	ms, err := strconv.Atoi(os.Getenv("BENCH_LIMIT_MS"))
	if err != nil {
		panic("BENCH_LIMIT_MS is missing")
	}
	time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { os.Exit(1) })
}
