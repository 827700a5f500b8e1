package devicekit

import (
	"cmp"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

// Addresses returns addresses of this computer that a device could connect to,
// best first: IPv4, then IPv6 (unique local and global), those of the way to
// the network at large before others and those of virtual machines and tunnels
// last; then the computer's name with .local, as multicast DNS has it, and
// alone, for networks whose DNS knows it. Loopback and link-local addresses are
// left out. Without a network it may be only the name, or nothing.
func Addresses() []string {
	var found []candidate
	interfaces, _ := net.Interfaces() // none is as good as an error
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				found = append(found, candidate{prefix.Addr().Unmap().WithZone(""), i.Name})
			}
		}
	}
	// Connecting UDP sends nothing: it only has the system choose an address.
	// Both are of networks for documentation, which do not exist.
	outward := []netip.Addr{source("udp4", "192.0.2.1"), source("udp6", "2001:db8::1")}
	name, _ := os.Hostname()
	return rank(found, outward, name)
}

// candidate is an address of an interface.
type candidate struct {
	ip   netip.Addr
	name string // of the interface
}

// source returns the address from which this computer would send to another.
func source(network, to string) netip.Addr {
	c, err := net.DialUDP(network, nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(to), 9)))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = c.Close() }()
	own, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return own.Addr().Unmap()
}

// virtual are the beginnings of names of interfaces that lead to virtual
// machines, containers and tunnels only.
var virtual = []string{
	"docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "vethernet", "cni", "flannel", "cali", "lxc", "lxd", "podman", "bridge",
	"tun", "tap", "utun", "wg", "zt", "tailscale", "ppp", "vmware", "virtualbox",
}

// rank sorts out and sorts.
func rank(found []candidate, outward []netip.Addr, name string) []string {
	found = slices.DeleteFunc(slices.Clone(found), func(c candidate) bool {
		return !c.ip.IsValid() || c.ip.IsLoopback() || !c.ip.IsGlobalUnicast() // which unique local addresses are
	})
	grade := func(c candidate) (g int) {
		if slices.ContainsFunc(virtual, func(v string) bool { return strings.HasPrefix(strings.ToLower(c.name), v) }) {
			g += 8
		}
		if !c.ip.Is4() {
			g += 4
		}
		if !slices.Contains(outward, c.ip) {
			g += 2
		}
		if !c.ip.IsPrivate() { // private networks are what a lab broker is for
			g++
		}
		return g
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(grade(a), grade(b)), a.ip.Compare(b.ip))
	})
	var list []string
	for _, c := range found {
		list = append(list, c.ip.String())
	}
	name = strings.TrimSuffix(name, ".")
	if name != "localhost" && authority.CheckHost(name) == nil {
		if !strings.Contains(name, ".") {
			list = append(list, name+".local")
		}
		list = append(list, name)
	}
	return slices.Compact(list)
}
