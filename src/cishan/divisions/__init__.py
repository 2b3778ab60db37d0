"""Administrative divisions (行政区划) with history. A place is a 12-digit code; its scope is its subtree."""
