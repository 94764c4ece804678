package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http/httpproxy"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

var variables = []string{
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD",
}

// fromEnvironment is http.ProxyFromEnvironment as client-go wraps it, without the cache of the environment.
func fromEnvironment(text []byte) string {
	var question struct {
		Environment map[string]string
		Server      string
	}
	must(0, json.Unmarshal(text, &question))
	for _, name := range variables {
		os.Unsetenv(name)
	}
	for name, value := range question.Environment {
		must(0, os.Setenv(name, value))
	}
	server, err := url.Parse(question.Server)
	if err != nil {
		return "direct"
	}
	config := httpproxy.FromEnvironment()
	decide := config.ProxyFunc()
	wrapped := utilnet.NewProxierWithNoProxyCIDR(func(request *http.Request) (*url.URL, error) { return decide(request.URL) })
	proxy, err := wrapped(&http.Request{URL: server})
	switch {
	case err != nil:
		return "refused"
	case proxy == nil:
		return "direct"
	}
	value := config.HTTPSProxy
	if server.Scheme == "http" {
		value = config.HTTPProxy
	}
	if scheme, _, found := strings.Cut(value, "://"); found && proxy.Host == scheme+":" {
		// An invalid URL is taken for a host and a path. Go looks for a host called "http"; we say what is wrong.
		return "refused"
	}
	return used(proxy, server.Scheme)
}

// fromKubeconfig asks client-go about a cluster with this proxy-url.
func fromKubeconfig(proxyURL string) string {
	config := api.NewConfig()
	config.Clusters["c"] = &api.Cluster{Server: "https://127.0.0.1:6443", ProxyURL: proxyURL}
	config.Contexts["c"] = &api.Context{Cluster: "c"}
	config.CurrentContext = "c"
	client, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
	if err != nil {
		return "refused"
	}
	server, err := url.Parse(client.Host)
	must(0, err)
	proxy, err := client.Proxy(&http.Request{URL: server})
	must(0, err)
	return used(proxy, server.Scheme)
}

// used lets net/http send a request through the proxy, and says what it does.
func used(proxy *url.URL, scheme string) string {
	conn := &recorder{ready: make(chan struct{})}
	address := ""
	transport := &http.Transport{
		Proxy:             http.ProxyURL(proxy),
		DisableKeepAlives: true,
		DialContext: func(_ context.Context, _, to string) (net.Conn, error) {
			address = to
			return conn, nil
		},
	}
	target := &url.URL{Scheme: scheme, Host: "server.example", Path: "/"}
	response, err := transport.RoundTrip(&http.Request{Method: "GET", URL: target, Host: target.Host, Header: http.Header{}})
	if err == nil {
		response.Body.Close()
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "refused"
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil || number == 0 {
		return "refused"
	}
	if !utf8.ValidString(proxy.Hostname()) {
		// Go looks for a name with U+FFFD in it; no name is found, and we say so at once.
		return "refused"
	}
	kind, authorization := conn.kind()
	if host == "" {
		// net.Dial connects to this host. Where there is no port either, the URL is a mistake, and we say so.
		if proxy.Port() == "" {
			return "refused"
		}
		host = "localhost"
	}
	credentials := "-"
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		credentials = hex.EncodeToString([]byte(user.Username())) + ":" + hex.EncodeToString([]byte(password))
		pair := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		if kind == "http" && authorization != "Basic "+pair {
			return "oracle: other authorization " + authorization
		}
	}
	if kind == "" {
		return "refused"
	}
	return fmt.Sprintf("%s %s %d %s", kind, hex.EncodeToString([]byte(host)), number, credentials)
}

// recorder is a connection that keeps what is written to it, and ends at the first read after that.
type recorder struct {
	mutex   sync.Mutex
	written []byte
	ready   chan struct{}
	once    sync.Once
}

// kind says what the first bytes are spoken in, and the header of an HTTP proxy's authorization.
func (r *recorder) kind() (kind, authorization string) {
	r.mutex.Lock()
	text := string(r.written)
	r.mutex.Unlock()
	switch {
	case strings.HasPrefix(text, "\x05"):
		return "socks5", ""
	case strings.HasPrefix(text, "\x16"):
		return "https", ""
	case strings.HasPrefix(text, "CONNECT server.example:443 "), strings.HasPrefix(text, "GET http://server.example/ "):
		for line := range strings.SplitSeq(text, "\r\n") {
			if value, found := strings.CutPrefix(line, "Proxy-Authorization: "); found {
				authorization = value
			}
		}
		return "http", authorization
	}
	return "", ""
}

func (r *recorder) Write(bytes []byte) (int, error) {
	r.mutex.Lock()
	r.written = append(r.written, bytes...)
	r.mutex.Unlock()
	r.once.Do(func() { close(r.ready) })
	return len(bytes), nil
}

func (r *recorder) Read([]byte) (int, error) {
	<-r.ready
	return 0, io.EOF
}

func (r *recorder) Close() error {
	r.once.Do(func() { close(r.ready) })
	return nil
}

func (r *recorder) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (r *recorder) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }
func (r *recorder) SetDeadline(time.Time) error      { return nil }
func (r *recorder) SetReadDeadline(time.Time) error  { return nil }
func (r *recorder) SetWriteDeadline(time.Time) error { return nil }
