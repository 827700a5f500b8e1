package authority

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// maxName is the longest name of a device, which is that of its Thing.
const maxName = 128

// CheckName returns an error in words when name is no name for a device: 1 to
// 128 letters, digits, colons, underscores and hyphens, as a Thing's.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("give the device a name")
	case len(name) > maxName:
		return fmt.Errorf("the name is %d characters long: at most %d are allowed", len(name), maxName)
	}
	for _, r := range name {
		if !strings.ContainsRune(alphanumeric+":_-", r) {
			return fmt.Errorf("the name %q may only hold letters, digits, : _ and -", name)
		}
	}
	return nil
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// CheckHost returns an error in words when host is neither an IP address that
// a device can connect to nor a host name in letters, digits, hyphens and
// underscores (RFC 1123; underscores are common in home networks).
func CheckHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		switch {
		case ip.IsUnspecified() || ip.IsMulticast():
			return fmt.Errorf("%q is no address to connect to: give one of this computer", host)
		case ip.Zone() != "":
			return fmt.Errorf("%q has a zone, which means something on this computer only: give an address without", host)
		}
		return nil
	}
	name := strings.TrimSuffix(host, ".")
	switch {
	case name == "":
		return errors.New("the host is empty: give a host name or an IP address")
	case len(name) > 253:
		return fmt.Errorf("the host name is %d characters long: at most 253 are allowed", len(name))
	}
	numeric := true
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return fmt.Errorf("%q is no host name: each part has 1 to 63 characters and no hyphen at its ends", host)
		}
		for _, r := range label {
			if !strings.ContainsRune(alphanumeric+"-_", r) {
				return fmt.Errorf("%q is no host name: it may only hold letters, digits, hyphens, underscores and dots (others in their xn-- form)", host)
			}
		}
		numeric = strings.Trim(label, "0123456789") == ""
	}
	if numeric {
		return fmt.Errorf("%q is neither an IP address nor a host name", host)
	}
	return nil
}
