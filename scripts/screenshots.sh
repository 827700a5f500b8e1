#!/usr/bin/env bash
# screenshots.sh: makes docs/screenshot.png (and docs/screenshot-light.png) from
# the real window under Xvfb: the demo thermal controller on its way to 28 °C.
set -eu
cd "$(dirname "$0")/.."
mkdir -p docs
port=1883
while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done

shot() { # theme, file
	local data display x=() pids=()
	data=$(mktemp -d)
	exec 5> "$data/display"
	Xvfb -displayfd 5 -screen 0 1280x800x24 -nolisten tcp >/dev/null 2>&1 &
	pids+=($!)
	while [ ! -s "$data/display" ]; do sleep 0.1; done
	display=":$(tr -d '[:space:]' <"$data/display")"
	DISPLAY=$display openbox >/dev/null 2>&1 &
	pids+=($!)
	DISPLAY=$display FYNE_THEME=$1 bin/thingdesk --data "$data/data" --listen "127.0.0.1:$port" >/dev/null 2>&1 &
	pids+=($!)
	DISPLAY=$display xdotool search --sync --onlyvisible --name '^Thingdesk$' >/dev/null
	sleep 1.5
	pub() { mosquitto_pub -h 127.0.0.1 -p "$port" -q 1 "$@"; }
	for line in 1 2 3; do
		for machine in press oven robot; do
			pub -t "factory/line-$line/$machine/state" -m "{\"running\":true,\"temp\":$((40 + line * 7)).5}"
		done
	done
	pub -t '$aws/things/valve-7/shadow/update' -m '{"state":{"reported":{"open":false},"desired":{"open":true}}}'
	pub -t '$aws/things/pump-3/shadow/update' -m '{"state":{"reported":{"rpm":1450}}}'
	DISPLAY=$display xdotool key ctrl+d # start the demo thermal controller and open it
	sleep 2
	pub -t '$aws/things/thermal-01/shadow/update' -m '{"state":{"desired":{"mode":"cool","fan":true,"firmware":"2.2.0","temperature":28}}}'
	sleep 1.8
	DISPLAY=$display import -window root -crop 1276x774+2+22 +repage "$2"
	kill "${pids[2]}" && wait "${pids[2]}" || true
	kill "${pids[1]}" "${pids[0]}" 2>/dev/null || true
	rm -rf "$data"
}
shot dark docs/screenshot.png
shot light docs/screenshot-light.png
echo "made docs/screenshot.png and docs/screenshot-light.png"
