package dev.tally.streams.query;

import java.time.LocalDate;

/** Usage of one day. */
public record DayUsage(LocalDate day, long used) {}
