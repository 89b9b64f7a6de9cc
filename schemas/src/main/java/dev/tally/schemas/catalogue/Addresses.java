package dev.tally.schemas.catalogue;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Where alerts go. */
final class Addresses {

    private static final int EMAIL_MAX = 254;
    private static final int URL_MAX = 2_000;
    private static final String LABEL = "[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?";
    private static final String WORD = "[\\p{L}\\p{N}!#$%&'*+/=?^_`{|}~-]+";
    /** Dots separate words before the at sign and names of a host after it. Whether it exists only a mail can tell. */
    private static final Pattern EMAIL =
            Pattern.compile("(?=[^@]{1,64}@)" + WORD + "(?:\\." + WORD + ")*@" + LABEL + "(?:\\." + LABEL + ")+");

    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(?:\\.\\d{1,3}){3}|\\[::1]");

    private Addresses() {}

    static void emails(List<String> emails, String field, Issues issues) {
        each(emails, field, Addresses::isEmail, "is not an e-mail address", issues);
    }

    static void webhooks(List<String> webhooks, String field, Issues issues) {
        each(
                webhooks,
                field,
                Addresses::isWebhook,
                "is not an https:// address (http:// is for this machine only)",
                issues);
    }

    private static void each(
            List<String> texts, String field, Predicate<String> isOne, String otherwise, Issues issues) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < texts.size(); i++) {
            if (!isOne.test(texts.get(i))) {
                issues.item(field, i).add(otherwise);
            } else if (!seen.add(texts.get(i))) {
                issues.item(field, i).add("is in the list already");
            }
        }
    }

    static boolean isEmail(String text) {
        return text.length() <= EMAIL_MAX && EMAIL.matcher(text).matches();
    }

    private static boolean isWebhook(String text) {
        try {
            URI uri = new URI(text);
            String host = uri.getHost();
            if (text.length() > URL_MAX || host == null || uri.getFragment() != null) {
                return false;
            }
            return "https".equals(uri.getScheme())
                    || ("http".equals(uri.getScheme()) && LOOPBACK.matcher(host).matches());
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
