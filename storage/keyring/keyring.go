// Package keyring keeps passwords in the operating system's keyring: Keychain on
// macOS, Credential Manager on Windows, Secret Service on Linux and the BSDs.
package keyring

import (
	"errors"
	"fmt"
	"sync"

	"github.com/zalando/go-keyring"

	"github.com/thingdesk/thingdesk/broker"
)

// service is the name under which the system lists our secrets.
const service = "thingdesk"

// Store is a broker.SecretStore over the keyring. Where there is no keyring, or
// it refuses a secret, the secret is kept in memory and is gone with the
// program. The zero value works. Its methods may be called from any goroutine
// and may wait for the user to unlock the keyring: never call them on the
// goroutine that draws. Secrets are never part of an error.
type Store struct {
	mu     sync.Mutex
	memory map[string]string
	worked bool // the keyring has answered in this run
}

var _ broker.SecretStore = (*Store)(nil)

// Get returns the secret for a profile ID; "" when there is none. A keyring that
// never answered in this run is taken for none; one that answered before and
// does not now gives an error.
func (s *Store) Get(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret, ok := s.memory[id]; ok {
		return secret, nil
	}
	secret, err := keyring.Get(service, id)
	if err = s.judge(err); err != nil {
		return "", fmt.Errorf("read password of connection %q from the keyring: %w: unlock the keyring or enter the password again", id, err)
	}
	return secret, nil
}

// Set stores the secret. The bool tells whether it outlives the program; false
// means that it is kept in memory only.
func (s *Store) Set(id, secret string) (lasting bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := keyring.Set(service, id, secret); err != nil {
		if s.memory == nil {
			s.memory = make(map[string]string)
		}
		s.memory[id] = secret
		return false, nil
	}
	s.worked = true
	delete(s.memory, id)
	return true, nil
}

// Delete forgets the secret; it is no error when there is none.
func (s *Store) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.memory, id)
	if err := s.judge(keyring.Delete(service, id)); err != nil {
		return fmt.Errorf("delete password of connection %q from the keyring: %w", id, err)
	}
	return nil
}

// judge sorts the keyring's answers: no such secret is none, and an error from a
// keyring that never worked means that there is no keyring.
func (s *Store) judge(err error) error {
	switch {
	case err == nil, errors.Is(err, keyring.ErrNotFound):
		s.worked = true
		return nil
	case !s.worked:
		return nil
	}
	return err
}
