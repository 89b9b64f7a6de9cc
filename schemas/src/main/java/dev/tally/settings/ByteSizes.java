package dev.tally.settings;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/** Amounts of memory as people write them: {@code 4096}, {@code 64KB}, {@code 256MB}, {@code 2GB}; units of 1,024. */
public final class ByteSizes {

    private static final Pattern FORM = Pattern.compile("(\\d{1,15})\\s*(B|KB|MB|GB|)");

    /** Accepts what {@link #parse} reads. */
    public static final ConfigDef.Validator BYTES = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                try {
                    parse(String.valueOf(value));
                } catch (IllegalArgumentException e) {
                    throw new ConfigException(name, value, e.getMessage());
                }
            },
            () -> "bytes, with KB, MB or GB");

    private ByteSizes() {}

    private static long unit(String name) {
        return switch (name) {
            case "KB" -> 1L << 10;
            case "MB" -> 1L << 20;
            case "GB" -> 1L << 30;
            default -> 1L;
        };
    }

    /** @throws IllegalArgumentException for anything else, and for more than a long holds */
    public static long parse(String text) {
        Matcher form = FORM.matcher(text.trim().toUpperCase(Locale.ROOT));
        if (form.matches()) {
            try {
                return Math.multiplyExact(Long.parseLong(form.group(1)), unit(form.group(2)));
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("'" + text + "' is too large", e);
            }
        }
        throw new IllegalArgumentException("'" + text + "' is not a size such as 4096, 64KB, 256MB or 2GB");
    }
}
