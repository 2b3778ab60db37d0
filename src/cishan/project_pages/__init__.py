"""What everybody sees of charity projects: the list, one project with its money and its donor roll, the poster. It writes nothing."""
