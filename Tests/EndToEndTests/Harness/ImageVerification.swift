import Foundation
import TestSupport

/// The verification that the README shows: an image, the envelope that vouches for it and a public key, and nothing but
/// `openssl` (and a shell that cuts the envelope into its members).
enum ImageVerification {
  private static let script = #"""
    # verify ENVELOPE IMAGE PUBLIC-KEY
    member() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" envelope; }
    cat "$1" > envelope
    type=$(member payloadType)
    member payload | tr -d '\n' | openssl base64 -d -A > body
    member sig | tr -d '\n' | openssl base64 -d -A > sigfile
    { printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c < body)"; cat body; } > pae
    if openssl pkey -pubin -in "$3" -noout -text | grep -q ED25519; then
      openssl pkeyutl -verify -pubin -inkey "$3" -rawin -in pae -sigfile sigfile
    else
      openssl dgst -sha256 -verify "$3" -signature sigfile pae
    fi
    grep -q "\"sha256\":\"$(openssl dgst -sha256 -r "$2" | cut -c -64)\"" body
    cat body
    """#

  /// - Returns: what the script printed, the manifest last. Its status is 0 only where the signature and the digest are right.
  static func run(envelope: [UInt8], image: [UInt8], publicKey: String) async throws -> ProgramResult {
    let folder = try TemporaryFolder()
    let files = [try folder.write(Data(envelope), to: "given"), try folder.write(Data(image), to: "image"), publicKey]
    return try await Program.run("bash", ["-euo", "pipefail", "-c", script, "bash"] + files, in: folder.path)
  }
}
