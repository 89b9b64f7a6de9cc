package dev.tally.settings;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/** Durations as people write them: {@code 100ms}, {@code 30s}, {@code 5m}, {@code 72h}, {@code 40d}, or ISO-8601. */
public final class Durations {

    private static final Pattern SHORT_FORM = Pattern.compile("(\\d{1,15})(ms|s|m|h|d)");

    /** Accepts what {@link #parse} reads, zero included, negative not. */
    public static final ConfigDef.Validator DURATION = atLeast(Duration.ZERO);

    private Durations() {}

    /** @throws IllegalArgumentException for anything that is not a duration in whole milliseconds, up to 292 years */
    public static Duration parse(String text) {
        String trimmed = text.trim();
        Matcher shortForm = SHORT_FORM.matcher(trimmed);
        try {
            Duration duration = shortForm.matches()
                    ? unit(shortForm.group(2)).multipliedBy(Long.parseLong(shortForm.group(1)))
                    : Duration.parse(trimmed);
            if (duration.toNanosPart() % 1_000_000 != 0 || Math.abs(duration.toDays()) > 106_000) {
                throw new IllegalArgumentException(notADuration(text));
            }
            return duration;
        } catch (DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException(notADuration(text), e);
        }
    }

    /** The shortest exact form, e.g. {@code 72h} becomes {@code 3d}. */
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        for (String unit : new String[] {"d", "h", "m", "s"}) {
            long unitMillis = unit(unit).toMillis();
            if (millis != 0 && millis % unitMillis == 0) {
                return millis / unitMillis + unit;
            }
        }
        return millis + "ms";
    }

    /** A validator that asks for a duration of at least {@code minimum}. */
    public static ConfigDef.Validator atLeast(Duration minimum) {
        return new ConfigDef.Validator() {
            @Override
            public void ensureValid(String name, Object value) {
                try {
                    if (parse(String.valueOf(value)).compareTo(minimum) < 0) {
                        throw new ConfigException(name, value, "must be at least " + format(minimum));
                    }
                } catch (IllegalArgumentException e) {
                    throw new ConfigException(name, value, e.getMessage());
                }
            }

            @Override
            public String toString() {
                return minimum.isZero() ? "duration" : "duration of at least " + format(minimum);
            }
        };
    }

    private static Duration unit(String name) {
        return switch (name) {
            case "ms" -> Duration.ofMillis(1);
            case "s" -> Duration.ofSeconds(1);
            case "m" -> Duration.ofMinutes(1);
            case "h" -> Duration.ofHours(1);
            case "d" -> Duration.ofDays(1);
            default -> throw new IllegalArgumentException("unknown unit " + name);
        };
    }

    private static String notADuration(String text) {
        return "'" + text + "' is not a duration such as 100ms, 30s, 5m, 72h, 40d or PT5M";
    }
}
