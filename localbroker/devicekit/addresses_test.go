package devicekit

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

func TestRank(t *testing.T) {
	t.Parallel()
	at := func(ip, name string) candidate { return candidate{netip.MustParseAddr(ip), name} }
	found := []candidate{
		at("172.17.0.1", "docker0"), at("fe80::1", "eth0"), at("169.254.3.4", "eth0"), at("2001:db8::9", "eth0"), at("fd00::9", "eth0"),
		at("203.0.113.5", "eth1"), at("10.8.0.2", "tun0"), at("192.168.1.20", "wlan0"), at("10.0.0.7", "eth0"), at("127.0.0.1", "x"), at("::1", "x"),
		at("ff02::1", "eth0"), at("0.0.0.0", "x"),
		{},
	}
	outward := []netip.Addr{netip.MustParseAddr("192.168.1.20"), {}}
	want := []string{"192.168.1.20", "10.0.0.7", "203.0.113.5", "fd00::9", "2001:db8::9", "10.8.0.2", "172.17.0.1", "lab.local", "lab"}
	if diff := cmp.Diff(want, rank(found, outward, "lab")); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string][]string{
		"lab.example.com.": {"lab.example.com"}, "localhost": nil, "": nil, "käse": nil, "a b": nil, "PC-1": {"PC-1.local", "PC-1"},
	} {
		if diff := cmp.Diff(want, rank(nil, nil, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAddresses looks that each address of this computer is fit for a
// certificate and for a kit.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, one := range Addresses() {
		if err := authority.CheckHost(one); err != nil {
			t.Error(err)
		}
		if ip, err := netip.ParseAddr(one); err == nil && (ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.Zone() != "") {
			t.Errorf("%s is of no use to a device", one)
		}
	}
}
