package dev.tally.sink.reporting;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What must be true at Stripe, so that what is sent there becomes the sums that are meant. Nothing of it heals by waiting; a person mends it
 * at Stripe or in the catalogue.
 */
public final class AccountRules {
    /** How far this machine's clock may be from Stripe's: what is judged by age (23 hours, 35 days, 5 minutes ahead) allows for it. */
    public static final Duration LARGEST_SKEW = Duration.ofSeconds(60);

    private static final String FORMULA = "sum";
    private static final String MAPPING = "by_id";

    private AccountRules() {}

    /**
     * All that is wrong with the account as a whole: nothing may be sent to it.
     *
     * @param live whether the key is one of live mode
     * @param judgesClock whether this machine's clock is meant to be the time
     */
    public static List<String> problems(AccountReading.Told told, boolean live, boolean judgesClock) {
        List<String> problems = new ArrayList<>();
        if (told.meters().stream().anyMatch(meter -> meter.live() != live)) {
            problems.add("the key is " + (live ? "a live one" : "no live one") + ", but Stripe answers in "
                    + (live ? "test" : "live") + " mode");
        }
        if (judgesClock) {
            told.time().flatMap(AccountRules::skew).ifPresent(problems::add);
        }
        return problems;
    }

    private static Optional<String> skew(AccountReading.StripeTime time) {
        Duration behind = Duration.between(time.answered(), time.said());
        Duration ahead = Duration.between(time.said(), time.asked());
        if (behind.compareTo(LARGEST_SKEW) >= 0) {
            return Optional.of("this machine's clock is " + behind.toSeconds() + " s behind Stripe's; less than "
                    + LARGEST_SKEW.toSeconds() + " s are needed");
        }
        if (ahead.compareTo(LARGEST_SKEW) >= 0) {
            return Optional.of("this machine's clock is " + ahead.toSeconds() + " s ahead of Stripe's; less than "
                    + LARGEST_SKEW.toSeconds() + " s are needed");
        }
        return Optional.empty();
    }

    /** All that is wrong with the meter of an event name: no fact of it may be sent. */
    public static List<String> problems(AccountReading.Told told, String eventName) {
        Optional<StripeMeter> found = told.meters().stream()
                .filter(meter -> meter.eventName().equals(eventName))
                .max(Comparator.comparing(StripeMeter::active));
        return found.map(AccountRules::problems)
                .orElseGet(() -> List.of("Stripe has no meter with event name " + eventName));
    }

    private static List<String> problems(StripeMeter meter) {
        List<String> problems = new ArrayList<>();
        if (!meter.active()) {
            problems.add(meter.id() + " is not active");
        }
        if (!meter.formula().equals(FORMULA)) {
            problems.add(meter.id() + " has formula " + meter.formula() + ": only " + FORMULA + " adds up units");
        }
        if (meter.window() != null) {
            problems.add(meter.id() + " has event_time_window " + meter.window()
                    + ": of each, Stripe would keep the newest event only");
        }
        if (!meter.mapping().equals(MAPPING) || !meter.customerKey().equals(MeterEvent.CUSTOMER_KEY)) {
            problems.add(meter.id() + " finds its customer " + meter.mapping() + " in " + meter.customerKey() + ", not "
                    + MAPPING + " in " + MeterEvent.CUSTOMER_KEY);
        }
        if (!meter.valueKey().equals(MeterEvent.VALUE_KEY)) {
            problems.add(meter.id() + " reads its amount from " + meter.valueKey() + ", not " + MeterEvent.VALUE_KEY);
        }
        return problems;
    }
}
