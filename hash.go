package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/thingdesk/thingdesk/localbroker/access"
)

// hashCommand prints the hash of a password for broker.json. The password comes
// from the terminal, without being shown, or from standard input's first line;
// never from the command line, which others can see.
func hashCommand(_ context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: hash takes no arguments; it asks for the password or reads it from standard input", errUsage)
	}
	password, err := readPassword(os.Stdin, stderr)
	if err != nil {
		return err
	}
	hash, err := access.Hash(password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	if _, err := fmt.Fprintln(stdout, hash); err != nil {
		return fmt.Errorf("write hash: %w", err)
	}
	return nil
}

func readPassword(in *os.File, stderr io.Writer) ([]byte, error) {
	if !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(in).ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read password: %w", err)
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
	var typed [2][]byte
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(stderr, prompt)
		line, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(stderr)
		if err != nil {
			return nil, fmt.Errorf("read password: %w", err)
		}
		typed[i] = line
	}
	if !bytes.Equal(typed[0], typed[1]) {
		return nil, errors.New("the two passwords differ: try again")
	}
	return typed[0], nil
}
