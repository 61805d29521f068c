package fedtest

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
)

// drawnKeys are drawn once and used in every cluster, each by one owner there:
// drawing them takes longer than most tests.
var drawnKeys struct {
	sync.Mutex
	list []*rsa.PrivateKey
}

// nextKey is an RSA key that nobody else in the cluster has.
func (c *Cluster) nextKey() *rsa.PrivateKey {
	c.tb.Helper()
	key, err := c.drawKey()
	if err != nil {
		c.tb.Fatal(err)
	}
	return key
}

func (c *Cluster) drawKey() (*rsa.PrivateKey, error) {
	drawnKeys.Lock()
	defer drawnKeys.Unlock()
	n := c.keys
	c.keys++
	for len(drawnKeys.list) <= n {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		drawnKeys.list = append(drawnKeys.list, key)
	}
	return drawnKeys.list[n], nil
}
