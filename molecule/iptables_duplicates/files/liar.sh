#!/bin/sh
lie=LIE
case " $* " in *" -C "*) exit "$lie" ;; esac
exec /usr/sbin/iptables "$@"
