;; SPDX-License-Identifier: Apache-2.0
;; Garbage, bignums, closures.
(define (mix n h) (if (= n 0) h (mix (- n 1) (modulo (+ (* h 31) n) 1000003))))
(display (mix 300000 17)) (newline)
(define (fact n) (if (= n 0) 1 (* n (fact (- n 1)))))
(display (string-length (number->string (fact 1000)))) (newline)
(define kept '())
(let loop ((i 0))
  (if (< i 300000)
      (begin (set! kept (list i (make-string (modulo i 50) #\x))) (loop (+ i 1)))))
(display (car kept)) (newline)
(exit 16)
