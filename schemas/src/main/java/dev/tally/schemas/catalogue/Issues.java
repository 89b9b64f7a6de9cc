package dev.tally.schemas.catalogue;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Collects problems under a path. */
final class Issues {

    /** Largest amount anywhere: 10^12, so that sums over all seats and windows stay far from overflow. */
    static final long MAX_AMOUNT = 1_000_000_000_000L;

    private static final Instant EARLIEST = Instant.EPOCH;
    /** From the year 10000 on times are written in another form, with a sign. */
    private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z").plus(1, ChronoUnit.DAYS);

    private static final Pattern DECIMAL = Pattern.compile("\\d{1,12}(\\.\\d{1,12})?");

    private final String path;
    private final Consumer<Problem> sink;

    private Issues(String path, Consumer<Problem> sink) {
        this.path = path;
        this.sink = sink;
    }

    static Issues at(String path, Consumer<Problem> sink) {
        return new Issues(path, sink);
    }

    /** Runs a check of one record; problems come as {@code field: message}. */
    static List<String> collect(Consumer<Issues> check) {
        List<String> problems = new ArrayList<>();
        check.accept(new Issues("", problem -> problems.add(problem.toString())));
        return problems;
    }

    Issues in(String field) {
        return new Issues(path.isEmpty() ? field : path + "." + field, sink);
    }

    Issues item(String field, int index) {
        return in(field + "[" + index + "]");
    }

    void add(String message) {
        sink.accept(new Problem(path, message));
    }

    void add(String field, String message) {
        in(field).add(message);
    }

    void id(String field, String id) {
        Ids.problem(id).ifPresent(problem -> add(field, problem));
    }

    void optionalId(String field, @Nullable String id) {
        if (id != null) {
            id(field, id);
        }
    }

    void amount(String field, long amount, long least) {
        if (amount < least || amount > MAX_AMOUNT) {
            add(field, "must be " + least + " to " + MAX_AMOUNT + ", not " + amount);
        }
    }

    void optionalAmount(String field, @Nullable Long amount) {
        if (amount != null) {
            amount(field, amount, 0);
        }
    }

    void instant(String field, Instant instant) {
        if (instant.isBefore(EARLIEST) || !instant.isBefore(LATEST)) {
            add(field, "must be from 1970 to 9999, not " + instant);
        }
    }

    void optionalInstant(String field, @Nullable Instant instant) {
        if (instant != null) {
            instant(field, instant);
        }
    }

    void decimal(String field, String text) {
        if (!DECIMAL.matcher(text).matches()) {
            add(field, "must be a decimal such as \"19.00\", not '" + text + "'");
        }
    }

    /** The subject, if the text is one in its one exact form. */
    Optional<Subject> subject(String field, String text) {
        try {
            Subject subject = Subject.parse(text);
            if (subject.text().equals(text)) {
                return Optional.of(subject);
            }
            add(field, "must be written " + subject.text());
        } catch (IllegalArgumentException e) {
            add(field, String.valueOf(e.getMessage()));
        }
        return Optional.empty();
    }

    /** An enum symbol that a newer writer uses and this version does not know reads as UNKNOWN. */
    boolean known(String field, Enum<?> symbol) {
        if (symbol.name().equals("UNKNOWN")) {
            add(field, "has a value that this version does not know");
            return false;
        }
        return true;
    }
}
