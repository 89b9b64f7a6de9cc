package dev.tally.cli.standin;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What Stripe does not document, or does only for live accounts: the stand-in shows each behaviour when it is chosen, and the other one
 * when it is not.
 */
public enum Variant {
    /** The error of a known identifier has the code {@code duplicate_meter_event} (else none, as seen in public reports). */
    DUPLICATE_CODE("the error of a known identifier has the code duplicate_meter_event (none)"),
    /** A 429 says {@code Retry-After: 1}. */
    RETRY_AFTER("a 429 has a Retry-After header (none)"),
    /** The 429 of a second concurrent call looks like that of the rate limit (else it has the code {@code lock_timeout}). */
    PLAIN_LOCK("the 429 of a second concurrent call has the code rate_limit (lock_timeout)"),
    /** The v2 stream reports an event of a known identifier later, as an error (else it drops it in silence). */
    STREAM_DUPLICATES("the v2 stream reports an event of a known identifier as an error (drops it)"),
    /** Events of a meter with an event time window add up like others (else the last of each window stands for all). */
    WINDOW_SUMS("events within the window of a meter add up (the last one received stands)"),
    /** Values of events may have decimals, and sums are told with a fraction (else values are whole numbers, as documented). */
    DECIMALS("values of events may have up to 12 decimals, sums have a fraction (whole numbers)"),
    /** The summaries leave out what is older than 31 days, without a word (else they have everything). */
    SHORT_HISTORY("the summaries leave out events older than 31 days (have all)"),
    /** An update to the quantity that an item has makes a credit and a charge, which cancel out (else it changes nothing). */
    SAME_QUANTITY_PRORATES("an update to the same quantity makes a credit and a charge (makes none)"),
    /** Stripe's limits: 1,000 meter events, 10,000 events of the v2 stream and 25 calls of each other endpoint a second. */
    LIMITS("1,000 meter events, 10,000 events of the v2 stream, 25 calls of each other endpoint a second (no limit)"),
    /** A call takes 20 to 80 ms, as over the internet. */
    LATENCY("a call takes 20 to 80 ms more (as fast as it can)");

    private final String help;

    Variant(String help) {
        this.help = help;
    }

    /** Its name on the command line, such as {@code retry-after}. */
    String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Reads names separated by commas.
     *
     * @throws IllegalArgumentException for a name that is none
     */
    static Set<Variant> parse(String names) {
        Set<Variant> found = EnumSet.noneOf(Variant.class);
        for (String name : names.split(",", -1)) {
            found.add(Stream.of(values())
                    .filter(variant -> variant.text().equals(name.strip()))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no variant is called '" + name.strip() + "'")));
        }
        return found;
    }

    /** One line of help for each. */
    static String help() {
        return Stream.of(values())
                .map(variant -> String.format("       %-23s %s\n", variant.text(), variant.help))
                .collect(Collectors.joining());
    }
}
