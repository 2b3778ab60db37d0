"""What a closed project leaves: it goes on to another fund with the same or a near purpose, whole and by two people (慈善法 art. 58)."""
