#!/usr/bin/env bash
# needs.sh build|test: installs the system packages that building (or testing)
# Thingdesk needs and that are missing. Says in a clear sentence what to do
# where it may not install.
set -u
what=${1:-build}
stamp="bin/.needs-$what"
[ -e "$stamp" ] && [ "$stamp" -nt "$0" ] && exit 0

if ! command -v go >/dev/null; then
	echo "Thingdesk needs Go (see https://go.dev/dl/); install it and run make again." >&2
	exit 1
fi

# Missing are the commands, headers and programs that do not answer.
missing=()
need_command() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || missing+=("$1"); }
need_header() {
	printf '#include <%s>\n' "$1" | ${CC:-cc} -E -x c - >/dev/null 2>&1 || missing+=("$1")
}

case "$(uname -s)" in
Linux)
	need_command "${CC:-cc}"
	need_command pkg-config
	for h in GL/gl.h X11/Xlib.h X11/Xcursor/Xcursor.h X11/extensions/Xrandr.h X11/extensions/Xinerama.h \
		X11/extensions/XInput2.h X11/extensions/xf86vmode.h wayland-client.h xkbcommon/xkbcommon.h; do
		need_header "$h"
	done
	;;
Darwin)
	xcode-select -p >/dev/null 2>&1 || missing+=("xcode-command-line-tools")
	;;
esac
if [ "$what" = test ]; then
	need_command mosquitto
	need_command mosquitto_pub
	if [ "$(uname -s)" = Linux ]; then
		for c in Xvfb openbox xdotool import xprop; do need_command "$c"; done
	fi
fi

done_with() { mkdir -p bin && touch "$stamp"; exit 0; }
[ ${#missing[@]} -eq 0 ] && done_with

# Packages by package manager: to build, to test.
apt_build="gcc libc6-dev pkg-config libgl-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev libwayland-dev libxkbcommon-dev"
apt_test="xvfb openbox xdotool imagemagick x11-utils mosquitto mosquitto-clients libgl1-mesa-dri"
dnf_build="gcc pkgconf-pkg-config mesa-libGL-devel libX11-devel libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel libXxf86vm-devel wayland-devel libxkbcommon-devel"
dnf_test="xorg-x11-server-Xvfb openbox xdotool ImageMagick xprop mosquitto mesa-dri-drivers"
pacman_build="gcc pkgconf libglvnd libx11 libxcursor libxrandr libxinerama libxi libxxf86vm wayland libxkbcommon"
pacman_test="xorg-server-xvfb openbox xdotool imagemagick xorg-xprop mosquitto mesa"
brew_test="mosquitto"

as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
packages() { eval "echo \$${1}_build"; [ "$what" = test ] && eval "echo \$${1}_test"; }

refuse() {
	echo "Thingdesk cannot $what yet: missing ${missing[*]}." >&2
	echo "Install them as root, then run make again:" >&2
	echo "  $1" >&2
	exit 1
}
install_with() { # manager, command line
	local list
	list=$(packages "$1" | tr '\n' ' ')
	if [ -n "$as_root" ] && ! { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; then
		refuse "$2 $list"
	fi
	echo "Installing what is missing (${missing[*]}): $2 $list" >&2
	# shellcheck disable=SC2086 # lists of words
	$as_root $2 $list >&2 || refuse "$2 $list"
}

if command -v apt-get >/dev/null; then
	export DEBIAN_FRONTEND=noninteractive
	if [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; then
		$as_root apt-get update -qq >&2 || true
	fi
	install_with apt "apt-get install -y -q --no-install-recommends"
elif command -v dnf >/dev/null; then
	install_with dnf "dnf install -y"
elif command -v pacman >/dev/null; then
	install_with pacman "pacman -S --needed --noconfirm"
elif [ "$(uname -s)" = Darwin ]; then
	if ! xcode-select -p >/dev/null 2>&1; then
		echo "Thingdesk needs the Xcode command line tools: run 'xcode-select --install', then make again." >&2
		exit 1
	fi
	command -v brew >/dev/null || { echo "Missing ${missing[*]}: install Homebrew (https://brew.sh), then run make again." >&2; exit 1; }
	[ "$what" = test ] && brew install $brew_test >&2
else
	echo "Thingdesk cannot $what yet: missing ${missing[*]}, and no known package manager (apt, dnf, pacman, brew) to install them. Install them by hand, then run make again." >&2
	exit 1
fi
# Debian starts its mosquitto on port 1883, where the bundled broker wants to be.
if [ "$what" = test ] && command -v systemctl >/dev/null && [[ " ${missing[*]} " == *" mosquitto "* ]]; then
	$as_root systemctl disable --now mosquitto >/dev/null 2>&1 || true
fi
done_with
