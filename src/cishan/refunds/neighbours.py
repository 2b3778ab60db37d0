"""What moving money back needs of the rooms above it and of the queue."""

from dataclasses import dataclass

from cishan.payments.owners import LineOwners
from cishan.services import Enqueue, RefundFollower, Services, follow_nothing, queue_nothing


@dataclass(frozen=True)
class Neighbours:
    """`owners` were given the money, `follow` is told inside the transaction that less of a gift is left."""

    owners: LineOwners
    enqueue: Enqueue = queue_nothing
    follow: RefundFollower = follow_nothing


def neighbours_of(services: Services, owners: LineOwners) -> Neighbours:
    return Neighbours(owners, services.enqueue, services.follow_refund)
