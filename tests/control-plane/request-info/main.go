// Answers, for each line with a method and a request target, what the API server takes the request to be about.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/klog/v2"
)

func main() {
	// It would log what it cannot decode.
	flags := flag.NewFlagSet("", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	klog.SetOutput(io.Discard)

	factory := request.RequestInfoFactory{
		APIPrefixes:          sets.NewString("api", "apis"),
		GrouplessAPIPrefixes: sets.NewString("api"),
	}
	output := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(output)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		method, target, _ := strings.Cut(input.Text(), " ")
		if err := encoder.Encode(answer(&factory, method, target)); err != nil {
			panic(err)
		}
		if err := output.Flush(); err != nil {
			panic(err)
		}
	}
}

// answer is a list of the attributes, or a word for why there are none.
func answer(factory *request.RequestInfoFactory, method, target string) any {
	// As net/http reads the request line.
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		return "unreadable"
	}
	info, err := factory.NewRequestInfo(&http.Request{Method: method, URL: parsed})
	if err != nil {
		return "incomplete"
	}
	if !info.IsResourceRequest {
		return []any{"path", info.Verb, info.Path}
	}
	return []any{
		"resource", info.Verb, info.APIPrefix, info.APIGroup, info.APIVersion, info.Namespace, info.Resource,
		info.Subresource, info.Name, len(info.Parts), info.FieldSelector, info.LabelSelector,
	}
}
