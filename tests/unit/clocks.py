# -*- coding: utf-8 -*-
"""Recorded hosts whose clock is kept or not; the texts' origins stand in recordings/README.md."""

from __future__ import absolute_import, division, print_function

import os

import runtime_hosts
from recorded import NOW
from runtime_hosts import KUBELET, process

__metaclass__ = type

TOUCHED = "/run/systemd/timesync/synchronized"
TRACKING = u"""Reference ID    : 83E17991 (131.225.121.145)
Stratum         : 3
Ref time (UTC)  : Fri Nov 20 11:58:11 2026
System time     : %s of NTP time
Last offset     : +0.000004989 seconds
RMS offset      : 0.000021751 seconds
Frequency       : 2.192 ppm fast
Residual freq   : +0.001 ppm
Skew            : 0.026 ppm
Root delay      : 0.000411626 seconds
Root dispersion : 0.018570010 seconds
Update interval : 256.9 seconds
Leap status     : %s
"""
RIGHT = TRACKING % ("0.000004709 seconds fast", "Normal")
SLOW = TRACKING % ("31536000.117300000 seconds slow", "Normal")
# chronyd tells "Normal" for as long as it runs where it has reached no server since (chrony, sources.c: SRC_SelectSource() without selectable
# sources never calls REF_SetUnsynchronised()); the reference time stays, the dispersion grows.
LONG_AGO = RIGHT.replace("Fri Nov 20 11:58:11 2026", "Sun Nov 08 11:58:11 2026").replace("0.018570010", "1.063251305")
NOT_SYNCHRONISED = TRACKING % ("0.000000000 seconds fast", "Not synchronised")
# systemd 239 and newer; 219 (EL 7) has other labels.
TIMEDATECTL = u"""               Local time: Fri 2026-11-20 12:00:00 UTC
           Universal time: Fri 2026-11-20 12:00:00 UTC
                 RTC time: Fri 2026-11-20 12:00:00
                Time zone: UTC (UTC, +0000)
System clock synchronized: %s
              NTP service: %s
          RTC in local TZ: no
"""
EL7 = u"""      Local time: Fri 2026-11-20 12:00:00 UTC
  Universal time: Fri 2026-11-20 12:00:00 UTC
        RTC time: Fri 2026-11-20 12:00:00
       Time zone: UTC (UTC, +0000)
     NTP enabled: yes
NTP synchronized: %s
 RTC in local TZ: no
      DST active: n/a
"""
CHRONYD = process(400, "chronyd")
TIMESYNCD = process(401, "systemd-timesyn")
NTPD = process(402, "ntpd")


def host(processes=(), files=None, age=None, tracking=None, timedatectl=None, kubelet=True, **more):
    """Return a RecordedHost; age: seconds since systemd-timesyncd touched its file."""
    commands = {}
    if tracking is not None:
        commands["chronyc -n tracking"] = tracking
    if timedatectl is not None:
        commands["timedatectl"] = timedatectl
    files = dict(files or {})
    if age is not None:
        files[TOUCHED] = ""
    found = runtime_hosts.host(list(processes) + ([KUBELET] if kubelet else []), files=files, commands=commands, **more)
    if age is not None:
        os.utime(found.root + TOUCHED, (NOW - age, NOW - age))
    return found


def off(processes=(), files=None, **more):
    """A host whose chronyd knows that the clock is a year behind."""
    return host([CHRONYD] + list(processes), files=files, tracking=SLOW, **more)


def kept(processes=(), files=None, **more):
    return host([CHRONYD] + list(processes), files=files, tracking=RIGHT, **more)
