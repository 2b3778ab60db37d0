"""Working days in China, with its shifted holidays; beyond the published calendar, Monday to Friday."""

from datetime import date, datetime, timedelta

import chinese_calendar

from cishan.clock import beijing_day, beijing_midnight

DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def working_days_after(day: date, count: int) -> date:
    """The day on which `count` working days have passed after `day`, which itself doesn't count (民法典 art. 201)."""
    while count > 0:
        day += DAY
        if is_working_day(day):
            count -= 1
    return day


def end_of_working_days(now: datetime, count: int) -> datetime:
    """The instant at which the last of `count` working days is over."""
    return beijing_midnight(working_days_after(beijing_day(now), count) + DAY)
