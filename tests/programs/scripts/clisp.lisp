;; SPDX-License-Identifier: Apache-2.0
;; Garbage, bignums, strings; a collector that protects pages and handles their faults.
(defun mix (n h) (if (= n 0) h (mix (- n 1) (mod (+ (* h 31) n) 1000003))))
(compile 'mix)
(print (mix 100000 17))
(print (length (format nil "~D" (reduce #'* (loop for i from 1 to 1000 collect i)))))
(let ((kept (loop for i below 300000 collect (make-string (mod i 50)))))
  (ext:gc)
  (setf (car kept) (make-string 1000000))
  (ext:gc)
  (print (reduce #'+ (mapcar #'length kept))))
(ext:exit 5)
