package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// nearPorts is how many ports after the wanted one are tried before any free
// one: a device that was set to a port finds the broker there next time too.
const nearPorts = 10

// bind listens on address, or, when that is in use and anyPort is set, on a
// free port of the same host, which moved tells.
func bind(ctx context.Context, address string, anyPort bool) (l net.Listener, moved bool, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, false, fmt.Errorf("listen on %q: give HOST:PORT, for example %s: %w", address, DefaultAddress, err)
	}
	var config net.ListenConfig
	network := family(host)
	l, err = config.Listen(ctx, network, address)
	wanted, _ := strconv.Atoi(port) // a port by name has no neighbours
	for near := 1; anyPort && inUse(err) && near <= nearPorts+1; near++ {
		next := strconv.Itoa(wanted + near)
		if near > nearPorts || wanted == 0 || wanted+near > 65535 {
			next = "0"
		}
		l, err = config.Listen(ctx, network, net.JoinHostPort(host, next))
		moved = true
	}
	if err != nil {
		return nil, false, fmt.Errorf("listen on %q: %w", address, reason(err))
	}
	return l, moved, nil
}

// family returns the network of a host: an IPv4 address is that and no more,
// 0.0.0.0 too, which package net would take for all of IPv6 as well.
func family(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.To4() != nil && !strings.Contains(host, ":") {
		return "tcp4"
	}
	return "tcp"
}

// reason strips what net says of address and operation from err, makes a port
// in use look the same everywhere, and says what to do about it.
func reason(err error) error {
	used := inUse(err)
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	if used && !errors.Is(err, syscall.EADDRINUSE) {
		err = errors.Join(err, syscall.EADDRINUSE)
	}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	var advice string
	switch {
	case used:
		advice = "stop the program that listens there or choose another port; 0 takes a free one"
	case errors.Is(err, syscall.EADDRNOTAVAIL), isDNS && dns.IsNotFound:
		advice = "choose an address of this computer, such as 127.0.0.1"
	case errors.Is(err, syscall.EACCES):
		advice = "choose a port from 1024 on, or allow this program to use that one"
	default:
		return err
	}
	return fmt.Errorf("%w: %s", err, advice)
}

// inUse tells whether err means that something listens on the port already.
func inUse(err error) bool {
	const windowsInUse = syscall.Errno(10048) // WSAEADDRINUSE, which is not EADDRINUSE to package syscall
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, windowsInUse)
}
