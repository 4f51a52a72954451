package redisdb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Info is what the servers say of themselves. The numbers are sums over all masters.
type Info struct {
	Product    string `json:"product"`     // Redis, Valkey, or what the server calls itself
	Version    string `json:"version"`     // of the product; of several the lowest comes first
	Mode       string `json:"mode"`        // standalone, cluster or sentinel
	Servers    int    `json:"servers"`     // masters
	Hits       int64  `json:"hits"`        // of reads of keys, since the servers started
	Misses     int64  `json:"misses"`      // likewise
	UsedMemory int64  `json:"used_memory"` // in bytes
	MaxMemory  int64  `json:"max_memory"`  // 0: one of the servers has no limit
	Policy     string `json:"eviction_policy"`
	Keys       int64  `json:"keys"`    // in the database that the URL names
	Expires    int64  `json:"expires"` // those of Keys that have a time to live
}

// Info asks all masters. What a server does not say stays 0. Hits and Misses count the reads
// of this package too.
func (db *DB) Info(ctx context.Context) (Info, error) {
	nodes, err := db.masters(ctx)
	if err != nil {
		return Info{}, db.plain("the server does not tell about itself", err)
	}
	sum := Info{Mode: [...]string{"standalone", "cluster", "sentinel"}[db.t.kind], Servers: len(nodes)}
	var products, versions, policies []string
	unlimited := false
	for _, n := range nodes {
		text, err := n.client.Info(ctx).Result()
		if err != nil {
			return Info{}, db.plain("the server does not tell about itself", err)
		}
		fields := parseInfo(text)
		product, version := productOf(fields)
		products, versions = append(products, product), append(versions, version)
		policies = append(policies, printable(fields["maxmemory_policy"]))
		sum.Hits += number(fields["keyspace_hits"])
		sum.Misses += number(fields["keyspace_misses"])
		sum.UsedMemory += number(fields["used_memory"])
		limit := number(fields["maxmemory"])
		sum.MaxMemory += limit
		unlimited = unlimited || limit == 0
		// keys=3,expires=1,avg_ttl=0
		for part := range strings.SplitSeq(fields[fmt.Sprintf("db%d", db.t.db)], ",") {
			switch name, value, _ := strings.Cut(part, "="); name {
			case "keys":
				sum.Keys += number(value)
			case "expires":
				sum.Expires += number(value)
			}
		}
	}
	if unlimited {
		sum.MaxMemory = 0
	}
	sum.Product, sum.Version, sum.Policy = distinct(products), distinct(versions), distinct(policies)
	return sum, nil
}

// productOf: Valkey gives the version of a Redis too, which it is compatible with.
func productOf(fields map[string]string) (product, version string) {
	product, version = printable(fields["server_name"]), printable(fields["redis_version"])
	if v := fields["valkey_version"]; v != "" {
		return "Valkey", printable(v)
	}
	if product == "" || product == "redis" {
		product = "Redis"
	}
	return product, version
}

// distinct lists what servers of a cluster say that are not all alike.
func distinct(texts []string) string {
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}

func parseInfo(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// number is 0 for what is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
