# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whose an object of the API is, by its ownerReferences."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def controller(item):
    """Return the ownerReference of an object's controller, or None."""
    return next((owner for owner in item["metadata"].get("ownerReferences") or [] if owner.get("controller")), None)


def belongs(item, owner):
    """Return whether an object is another one's, the controller's or not; both as the API returns them."""
    return any(reference["uid"] == owner["metadata"]["uid"] for reference in item["metadata"].get("ownerReferences") or [])
