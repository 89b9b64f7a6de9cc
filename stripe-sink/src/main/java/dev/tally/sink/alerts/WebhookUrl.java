package dev.tally.sink.alerts;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/**
 * The address of a webhook, taken apart.
 *
 * @param target where to post, without user and password
 * @param credentials {@code user:password} for basic authentication, where the address has them
 */
public record WebhookUrl(URI target, Optional<String> credentials) {

    /** Reads an address; empty where it is none, by http or https. */
    public static Optional<WebhookUrl> parse(String address) {
        try {
            URI uri = new URI(address);
            boolean http = "https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme());
            if (!http || uri.getHost() == null) {
                return Optional.empty();
            }
            String rawUser = uri.getRawUserInfo();
            String plain = rawUser == null ? address : address.replaceFirst("(?<=//)[^/?#]*@", "");
            return Optional.of(new WebhookUrl(new URI(plain), Optional.ofNullable(uri.getUserInfo())));
        } catch (URISyntaxException malformed) {
            return Optional.empty();
        }
    }

    /** Whether what is sent there can be read on its way. */
    public boolean isPlainText() {
        return "http".equalsIgnoreCase(target.getScheme());
    }

    /** The host alone, which may stand in logs: path and query of webhooks often hold a secret. */
    public static String host(String address) {
        return parse(address).map(url -> url.target().getHost()).orElse("(no address)");
    }

    /** The host alone. */
    @Override
    public String toString() {
        return "WebhookUrl[" + target.getHost() + "]";
    }
}
