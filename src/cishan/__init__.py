"""cishan (慈善): micro-wishes, charity projects and the 幸福清单 of a city's charity federation."""
