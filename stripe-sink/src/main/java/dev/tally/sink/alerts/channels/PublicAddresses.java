package dev.tally.sink.alerts.channels;

import dev.tally.sink.alerts.AddressRules;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Looks the host of a webhook up, and refuses it unless all of its addresses are public. The connection is made to the very addresses that were
 * checked, so a name that changes its address between check and use (DNS rebinding) gains nothing.
 */
final class PublicAddresses implements DnsResolver {
    private final DnsResolver names;

    /** @param names looks names up */
    PublicAddresses(DnsResolver names) {
        this.names = names;
    }

    /** A host has an address that is not public. */
    static final class NotPublicException extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        NotPublicException(String host) {
            super(host + " has an address that is not public");
        }
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] addresses = names.resolve(host);
        for (InetAddress address : addresses) {
            if (!AddressRules.isPublic(address)) {
                throw new NotPublicException(host);
            }
        }
        return addresses;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }
}
