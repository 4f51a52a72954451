package redisdb

import (
	"errors"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// A target is what a URL says.
type target struct {
	kind     kind
	tls      bool
	network  string   // tcp or unix
	addrs    []string // of the server, the seeds or the Sentinels; for unix the path
	master   string   // the name that the Sentinels know
	user     string
	password string
	db       int
}

type kind int

const (
	single kind = iota // goes over to cluster when the server says so
	cluster
	sentinel
)

// The texts quote nothing of the URL: a password with a character out of place may be
// taken for any part of it. The parser of net/url quotes, and knows one host only.
var (
	errScheme   = errors.New("the URL does not begin with redis://, rediss://, redis-cluster://, redis-sentinel:// or unix://")
	errPlace    = errors.New("the URL has an @ or a # behind the host: in a password / ? # @ and % are written %2F %3F %23 %40 and %25")
	errEscape   = errors.New("the user or the password in the URL has a % that is not followed by two hexadecimal digits")
	errHost     = errors.New("the URL has a host that is empty, or a port that is not a number from 1 to 65535")
	errHosts    = errors.New("the URL has several hosts: only redis-cluster:// and redis-sentinel:// take them")
	errDB       = errors.New("the number of the database in the URL is not a number from 0 to 2147483647")
	errDBs      = errors.New("of a cluster only database 0 can be used")
	errOption   = errors.New("the URL has an option that is not cluster=true, cluster=false or, with unix://, db=NUMBER")
	errMaster   = errors.New("the URL does not name a master: redis-sentinel://host:port/master-name")
	errSocket   = errors.New("the URL has no absolute path: unix:///path/of/the/socket")
	errUserinfo = errors.New("unix:// takes no host")
)

// parse reads a URL. The password may come from the environment instead, as that of
// redis-cli.
func parse(text string) (*target, error) {
	t := &target{network: "tcp"}
	scheme, rest, found := strings.Cut(text, "://")
	port := "6379"
	switch strings.ToLower(scheme) {
	case "redis":
	case "rediss":
		t.tls = true
	case "redis-cluster":
		t.kind = cluster
	case "rediss-cluster":
		t.kind, t.tls = cluster, true
	case "redis-sentinel":
		t.kind, port = sentinel, "26379"
	case "rediss-sentinel":
		t.kind, t.tls, port = sentinel, true, "26379"
	case "unix":
		t.network = "unix"
	default:
		found = false
	}
	if !found {
		return nil, errScheme
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	hosts := authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		hosts = authority[i+1:]
		if err := t.userinfo(authority[:i]); err != nil {
			return nil, err
		}
	}
	// An @ further on is most likely the end of a password with a slash, whose beginning
	// would be taken for a host. The path of a socket may have one.
	if strings.ContainsRune(tail, '#') || strings.ContainsRune(tail, '@') && !(t.network == "unix" && authority == "") {
		return nil, errPlace
	}
	if env := os.Getenv("REDISCLI_AUTH"); env != "" && t.password == "" {
		t.password = env
	} else if t.password == "" && t.user != "" {
		// As redis-cli reads redis://word@host.
		t.user, t.password = "", t.user
	}
	path, query, _ := strings.Cut(tail, "?")
	if err := t.options(query); err != nil {
		return nil, err
	}
	if t.network == "unix" {
		return t.socket(hosts, path)
	}
	return t.hosts(hosts, port, strings.TrimPrefix(path, "/"))
}

func (t *target) userinfo(text string) error {
	user, password, _ := strings.Cut(text, ":")
	var err1, err2 error
	t.user, err1 = url.PathUnescape(user)
	t.password, err2 = url.PathUnescape(password)
	if err1 != nil || err2 != nil {
		return errEscape
	}
	return nil
}

func (t *target) options(query string) error {
	if query == "" {
		return nil
	}
	for option := range strings.SplitSeq(query, "&") {
		switch number, isDB := strings.CutPrefix(option, "db="); {
		case option == "cluster=true" && t.kind == single && t.network == "tcp":
			t.kind = cluster
		case option == "cluster=false" && t.kind == single:
		case isDB && t.network == "unix":
			if err := t.database(number); err != nil {
				return err
			}
		default:
			return errOption
		}
	}
	return nil
}

func (t *target) socket(hosts, path string) (*target, error) {
	if hosts != "" {
		return nil, errUserinfo
	}
	path, err := url.PathUnescape(path)
	if err != nil || len(path) < 2 {
		return nil, errSocket
	}
	t.addrs = []string{path}
	return t, nil
}

func (t *target) hosts(hosts, port, path string) (*target, error) {
	db := strings.TrimSuffix(path, "/")
	if t.kind == sentinel {
		t.master, db, _ = strings.Cut(db, "/")
		name, err := url.PathUnescape(t.master)
		if err != nil || name == "" {
			return nil, errMaster
		}
		t.master = name
	}
	if err := t.database(db); err != nil {
		return nil, err
	}
	if t.kind == cluster && t.db != 0 {
		return nil, errDBs
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, ok := address(host, port)
		if !ok {
			return nil, errHost
		}
		t.addrs = append(t.addrs, addr)
	}
	if t.kind == single && len(t.addrs) > 1 {
		return nil, errHosts
	}
	return t, nil
}

func (t *target) database(text string) error {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return errDB
	}
	t.db = int(n)
	return nil
}

// address completes host, host:port, [v6] or [v6]:port.
func address(text, port string) (string, bool) {
	host := text
	if bare, ok := strings.CutPrefix(text, "["); ok {
		v6, rest, closed := strings.Cut(bare, "]")
		if !closed || rest != "" && rest[0] != ':' {
			return "", false
		}
		if host = v6; rest != "" {
			port = rest[1:]
		}
	} else if name, given, ok := strings.Cut(text, ":"); ok {
		host, port = name, given
	}
	if n, err := strconv.ParseUint(port, 10, 16); host == "" || err != nil || n == 0 {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}
