/**
 * A self-signed certificate for loopback, and its key, for tests only. Made by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
export const cert = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUN/ybGk/Q9mnMbzwi1p3XdP0p3qowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE1NTgxMFoYDzIxMjYxMDMw
MTU1ODEwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQcNDafyAw1Jl3QBQWjQwbgVH/onQd1JxyAgeYK7yvmyQTvrt/w/riz
jzW+xGZXs7rbh/3qW06gmi1e+t/ewKX8o28wbTAdBgNVHQ4EFgQU8otozRz4QSLy
GrGVgIcslIq5PqQwHwYDVR0jBBgwFoAU8otozRz4QSLyGrGVgIcslIq5PqQwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAN9NHos5qlNVAYEM295LHYI+AJq7z/P6Xm1ZmkMOmruUAiEA
vdq5rlxlSSw1K5b6fE6DkGhYLT3T2QnL1Hp0GMYpDw4=
-----END CERTIFICATE-----
`;

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0lv07M1Q3X/EJclO
COSInAuDFqW/FICbPGFvG4lW7hGhRANCAAQcNDafyAw1Jl3QBQWjQwbgVH/onQd1
JxyAgeYK7yvmyQTvrt/w/rizjzW+xGZXs7rbh/3qW06gmi1e+t/ewKX8
-----END PRIVATE KEY-----
`;
