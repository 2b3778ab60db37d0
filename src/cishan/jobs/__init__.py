"""Scheduled work: a visible table of jobs, what each handled and when. A tick is only a reason to look for due rows."""
