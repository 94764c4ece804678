// The oracle says what kubectl does as a client: which proxy it reaches a server through, how it understands proxies and
// durations. It asks the packages that kubectl is built with, and prints the result in one line each.
//
// Input: a byte for the question, see main; the length of the text in four bytes, big-endian; the text.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		kind, err := in.ReadByte()
		if err != nil {
			return
		}
		var length [4]byte
		must(io.ReadFull(in, length[:]))
		text := make([]byte, binary.BigEndian.Uint32(length[:]))
		must(io.ReadFull(in, text))
		switch kind {
		case 'E':
			fmt.Fprintln(out, fromEnvironment(text))
		case 'U':
			fmt.Fprintln(out, fromKubeconfig(string(text)))
		case 'D':
			fmt.Fprintln(out, duration(string(text)))
		case 'T':
			fmt.Fprintln(out, timeout(string(text)))
		default:
			must(0, fmt.Errorf("unknown question %q", kind))
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func must(_ int, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// duration gives nanoseconds, or what kind of error it is.
func duration(text string) string {
	parsed, err := time.ParseDuration(text)
	if err == nil {
		return strconv.FormatInt(int64(parsed), 10)
	}
	for _, known := range []string{"missing unit", "unknown unit", "invalid duration"} {
		if strings.HasPrefix(err.Error(), "time: "+known) {
			return known
		}
	}
	return "oracle: " + err.Error()
}

// timeout gives the nanoseconds after which client-go ends a request, 0 for never.
func timeout(text string) string {
	if text == "" {
		// ClientConfig does not ask.
		return "0"
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > int64(1<<63-1)/int64(time.Second) {
		return "overflow"
	}
	parsed, err := clientcmd.ParseTimeout(text)
	if err != nil {
		return "refused"
	}
	return strconv.FormatInt(max(int64(parsed), 0), 10)
}
