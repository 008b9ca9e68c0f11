# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether something keeps the host's clock right, and how far off it is."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import re

from .._host import Unavailable
from .._source import reads, runs

# systemd-timesyncd touches it after each synchronization (systemd-timesyncd.service(8)) and never removes it.
TOUCHED = "/run/systemd/timesync/synchronized"
# The kernel's own patience: an error that grows by 500 ppm reaches 16 s, its limit, after so many seconds (adjtimex(2)).
FRESH = 32000
# As /proc cuts their names after 15 characters.
SERVICES = ("chronyd", "systemd-timesyn", "ntpd", "ptp4l", "phc2sys")

SOURCES = (
    reads(TOUCHED, "when systemd-timesyncd last synchronized"),
    runs("chronyc -n tracking", "whether chronyd is synchronized and how far off the clock is, where chronyd runs"),
    runs("timedatectl", "whether the kernel holds the clock for synchronized, where neither tells"),
)

_KERNEL = re.compile(r"^\s*(?:System clock|NTP) synchronized: (yes|no)\s*$", re.MULTILINE)
_LEAP = re.compile(r"^Leap status\s*: (.+?)\s*$", re.MULTILINE)
_REFERENCE = re.compile(r"^Ref time \(UTC\)\s*: \w{3} (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4})\s*$", re.MULTILINE)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"  # time.strptime() reads them in the language of Ansible's locale
_OFFSET = re.compile(r"^System time\s*: (\d+\.\d+) seconds (slow|fast) of NTP time", re.MULTILINE)


def parse_tracking(text):
    """Return (synchronized, offset, reference) of `chronyc tracking`.

    offset     seconds, negative where the clock is slow, or None: nothing is known of it while chronyd is not synchronized, it says 0
    reference  when it last used a server's answer, in seconds since the epoch, or None
    """
    leap, offset = _LEAP.search(text), _OFFSET.search(text)
    if not leap:
        raise ValueError("not what chronyc tracking prints")
    if leap.group(1).lower().startswith("not"):
        return False, None, None
    reference = _reference(text)
    if not offset:
        return True, None, reference
    return True, float(offset.group(1)) * (-1 if offset.group(2) == "slow" else 1), reference


def _reference(text):
    match = _REFERENCE.search(text)
    if not match or match.group(1) not in _MONTHS:
        return None
    month = _MONTHS.index(match.group(1)) // 3 + 1
    day, hour, minute, second, year = (int(number) for number in match.groups()[1:])
    return calendar.timegm((year, month, day, hour, minute, second))


def parse_timedatectl(text):
    """Return whether the kernel holds the clock for synchronized: "NTP synchronized" before systemd 237."""
    match = _KERNEL.search(text)
    if not match:
        raise ValueError("not what timedatectl prints")
    return match.group(1) == "yes"


def collect(host, processes, now):
    """Return {service, synchronized, offset, age, source}.

    service       the first process found that is meant to keep the clock right, or None
    synchronized  bool
    offset        seconds that the clock is ahead (negative: behind), None where nothing measures it
    age           seconds since chronyd last used a server's answer, None where nothing tells: it says that it is synchronized for as long as
                  it runs, whether or not it still reaches a server
    source        the file or command that told
    """
    names = set(process["name"] for process in processes)
    clock = {"service": next((name for name in SERVICES if name in names), None), "offset": None, "age": None}
    if clock["service"] == "chronyd":
        # Asked first: without rtcsync chronyd never tells the kernel that the clock is right (chrony.conf(5)).
        try:
            synchronized, offset, reference = parse_tracking(host.output(["chronyc", "-n", "tracking"]))
            age = None if reference is None else int(now - reference)
            return dict(clock, synchronized=synchronized, offset=offset, age=age, source="chronyc -n tracking")
        except Unavailable as exc:
            # One command is enough where it hangs; a chronyd in a container can be without its chronyc here.
            if exc.reason == "TimedOut":
                raise
    if clock["service"] == "systemd-timesyn":
        touched = host.modified(TOUCHED)
        if touched is not None and abs(now - touched) < FRESH:
            return dict(clock, synchronized=True, source=TOUCHED)
    return dict(clock, synchronized=parse_timedatectl(host.output(["timedatectl"])), source="timedatectl")
