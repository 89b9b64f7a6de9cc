package dev.tally.streams.requests;

/** All that callers can ask a running topology to do. */
public record Requests(Admissions admissions, CatalogueWrites catalogue) {}
